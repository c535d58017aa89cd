/** Dark or light, as chosen or as the system has it. The last choice is also kept in the page, so that it opens in it. */
const key = "folkmoot-theme";

export type Theme = "system" | "dark" | "light";

export function applyTheme(theme: Theme): void {
  localStorage.setItem(key, theme);
  const system = matchMedia("(prefers-color-scheme: light)");
  const resolve = () => {
    document.documentElement.dataset.theme = theme === "system" ? (system.matches ? "light" : "dark") : theme;
    window.dispatchEvent(new Event(themeChanged));
  };
  system.onchange = resolve;
  resolve();
}

/** Before the first paint. */
export function applyRememberedTheme(): void {
  const theme = localStorage.getItem(key);
  applyTheme(theme === "dark" || theme === "light" ? theme : "system");
}

/** Event of the window after colours changed; canvases draw themselves again. */
export const themeChanged = "folkmoot-theme";

/** The value of a design token, e.g. `--draft`, as it stands now. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

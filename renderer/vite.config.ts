/** Builds the page to dist/renderer: one HTML file, scripts and styles beside it, nothing that is fetched elsewhere. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { bundledLicences } from "../scripts/setup/bundledLicences.mjs";

/**
 * Whoever serves index.html replaces this word, everywhere in the file, by a fresh nonce per load, and names the same
 * nonce in the `style-src` and `script-src` of its Content-Security-Policy: React Aria inserts one style element.
 */
const noncePlaceholder = "FOLKMOOT_NONCE";

export default defineConfig({
  root: import.meta.dirname,
  // Relative, so that the same files work under app:// and under any loopback port.
  base: "./",
  plugins: [react(), bundledLicences()],
  html: { cspNonce: noncePlaceholder },
  build: {
    outDir: "../dist/renderer",
    emptyOutDir: true,
    target: "chrome130",
    // A data: URL would need a wider policy than 'self'.
    assetsInlineLimit: 0,
    sourcemap: true,
    chunkSizeWarningLimit: 1200,
    modulePreload: { polyfill: false },
  },
});

/** The page on a service that lives in the page itself: for looking at screens without models. Not part of the product. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  plugins: [react()],
  build: { outDir: process.env.HARNESS_OUT ?? "../../../dist/harness", emptyOutDir: true, target: "chrome130" },
});

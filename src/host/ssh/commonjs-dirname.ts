/** ssh2 asks for it while it is loaded, and a bundle of ES modules has none: https://github.com/vercel/ncc/issues/749 */
globalThis.__dirname ??= import.meta.dirname

declare global {
  var __dirname: string
}

export {}

/** Where the runner keeps tools between jobs. */
import { cacheFile, downloadTool, find } from '@actions/tool-cache'

export interface ToolCache {
  /** The folder of a tool that is there already. */
  find(tool: string, version: string): string | null
  /** Into a file of its own; resolves with its path. */
  download(url: string): Promise<string>
  /** Resolves with the folder, in which the file has the name of the tool. */
  keep(file: string, tool: string, version: string): Promise<string>
}

export const runnerToolCache: ToolCache = {
  find: (tool, version) => find(tool, version) || null,
  download: (url) => downloadTool(url),
  keep: (file, tool, version) => cacheFile(file, tool, tool, version),
}

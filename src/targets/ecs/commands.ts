/** What a person types. */
import { quote } from '../../host/script.ts'

/** Words are quoted only where the shell needs it, to be pleasant to read. */
const shellWord = (text: string): string => (/^[\w./@:+,=-]+$/.test(text) ? text : quote(text))

export const shell = (...words: readonly string[]): string => words.map(shellWord).join(' ')

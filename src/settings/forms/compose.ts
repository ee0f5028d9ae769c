/** What tells the colors apart to Docker Compose. */
import { z } from 'zod'
import type { Color } from '../../targets/target.ts'
import type { Form } from './form.ts'
import { accept, type Parsed, refuse } from './parsed.ts'
import { perColorForm } from './per-color.ts'
import { parseLine } from './text.ts'

const ofTheApp = ['color', 'app'] as const

/** On the host: relative to `directory`, or absolute. */
export function parseHostPath(text: string): Parsed<string> {
  if (text.startsWith('~')) return refuse('begins with `~`, which is not expanded: write the whole path')
  if (text.startsWith('[')) return refuse('is not a path')
  if (text === '' || text.endsWith('/')) return refuse('is not the path of a file')
  return parseLine(text)
}

/** https://docs.docker.com/compose/how-tos/project-name/ */
export function parseProject(text: string): Parsed<string> {
  const tidy = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
  if (text === tidy && text !== '') return accept(text)
  return refuse('is not a project name: small letters, digits, `-` and `_`', tidy || null)
}

/** https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json, services and profiles alike. */
export function parseComposeName(text: string): Parsed<string> {
  return /^[A-Za-z0-9._-]+$/.test(text) ? accept(text) : refuse('is not a name that compose takes')
}

const file = perColorForm('a path', { parse: parseHostPath, known: ofTheApp, shared: true })
const fileAccepted = `${file.accepted}, or a list of them`

/** In the order in which compose lays them over each other. */
export const composeFiles: Form<Readonly<Record<Color, readonly string[]>>> = {
  accepted: fileAccepted,
  schema: z
    .union([file.schema.transform((one) => [one]), z.array(file.schema).min(1, { error: 'names no file' })], {
      error: fileAccepted,
    })
    .transform((files) => ({
      blue: files.map(({ blue }) => blue),
      green: files.map(({ green }) => green),
    })),
  input: file.input,
}

export const composeProject = perColorForm('a name', { parse: parseProject, known: ofTheApp, shared: true })
export const composeName = perColorForm('a name', { parse: parseComposeName, shared: true })
export const envFilePath = perColorForm('a path', { parse: parseHostPath, known: ofTheApp })

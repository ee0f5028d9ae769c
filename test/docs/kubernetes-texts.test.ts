/** What the page on Kubernetes and a run both say. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { serviceSchema } from '../../src/targets/kubernetes/objects.ts'
import { ownerRemark } from '../../src/targets/kubernetes/preflight/owners.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/targets/kubernetes.md'), 'utf8')

const keptBy = (manager: string) =>
  serviceSchema.parse({
    metadata: {
      name: 'shop',
      managedFields: [{ manager, fieldsV1: { 'f:spec': { 'f:selector': {} } } }],
    },
    spec: { selector: { app: 'shop', color: 'blue' }, ports: [] },
  })

describe('for whom keeps the Service from Git', () => {
  it('the page has the Application that the log shows', () => {
    const [, shown = ''] =
      /^In the Application:\n([\s\S]*)$/m.exec(ownerRemark(keptBy('argocd-controller'), 'color') ?? '') ?? []
    const blocks = [...page.matchAll(/^( *)```yml\n([\s\S]*?)^ *```$/gm)].map(([, indent = '', text = '']) =>
      text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    )
    const block = blocks.find((text) => text.includes('ignoreDifferences')) ?? ''
    expect(parse(block)).toEqual(parse(shown))
  })

  it('the page has the annotation that the log shows', () => {
    const [, annotation = ''] =
      /annotations: \{ (.*) \}/.exec(ownerRemark(keptBy('kustomize-controller'), 'color') ?? '') ?? []
    expect(annotation).not.toBe('')
    expect(page).toContain(`\`${annotation}\``)
  })
})

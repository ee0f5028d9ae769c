import { describe, expect, it } from 'vitest'
import { metadataSchema } from '../../../../src/targets/kubernetes/objects.ts'
import { isOwnersKey, markedBy, ownerOf, writtenBy } from '../../../../src/targets/kubernetes/ownership.ts'
import { managerOf, ownerRemark } from '../../../../src/targets/kubernetes/preflight/owners.ts'
import { writtenBy as fieldsOf, serviceOf } from './objects.ts'

const selector = { app: 'shop', color: 'blue' }
const argo = { labels: { 'argocd.argoproj.io/instance': 'shop' } }
const argoByAnnotation = { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:/Service:shop/shop' } }
const flux = { labels: { 'kustomize.toolkit.fluxcd.io/name': 'shop' } }
const fluxChart = { labels: { 'helm.toolkit.fluxcd.io/name': 'shop' } }
const helm = { annotations: { 'meta.helm.sh/release-name': 'shop' } }
const chart = (by: string) => ({ labels: { 'app.kubernetes.io/managed-by': by } })

describe('who keeps an object', () => {
  it.each([
    ['Argo CD, by its label', argo, 'Argo CD', 'Argo CD'],
    ['Argo CD, by its annotation', argoByAnnotation, 'Argo CD', 'Argo CD'],
    [
      'not Argo CD, by what people write for it',
      { annotations: { 'argocd.argoproj.io/sync-wave': '1' } },
      null,
      null,
    ],
    ['Flux, of a kustomization', flux, 'Flux', 'Flux'],
    ['Flux, of a chart', { ...fluxChart, ...helm }, 'Flux', 'Flux'],
    [
      'not Flux, by what people write for it',
      { annotations: { 'kustomize.toolkit.fluxcd.io/ssa': 'IfNotPresent' } },
      null,
      null,
    ],
    ['Helm', { ...helm, ...chart('Helm') }, 'Helm', 'Helm'],
    ['Helm, by what a chart says', chart('Helm'), null, 'Helm'],
    ['Argo CD, by what a chart says', chart('argocd'), null, 'Argo CD'],
    [
      'Argo CD, though its chart says Helm',
      { labels: { ...chart('Helm').labels, ...argo.labels } },
      'Argo CD',
      'Argo CD',
    ],
    ['nobody', { labels: { app: 'shop' } }, null, null],
    ['nobody, of an object without either', {}, null, null],
  ])('%s', (_, given, marked, owner) => {
    const metadata = metadataSchema.parse({ name: 'shop', ...given })
    expect(markedBy(metadata)).toBe(marked)
    expect(ownerOf({ metadata })).toBe(owner)
  })

  it.each([
    ['argocd-controller', 'Argo CD'],
    ['argocd-application-controller', 'Argo CD'],
    ['kustomize-controller', 'Flux'],
    ['helm-controller', 'Flux'],
    ['helm', 'Helm'],
    ['kubectl-client-side-apply', null],
    ['my-helm', null],
  ])('by the name under which it writes: %s', (manager, owner) => {
    expect(writtenBy(manager)).toBe(owner)
  })

  it('is not said in what is made from it', () => {
    const marks = [argo.labels, argoByAnnotation.annotations, flux.labels, fluxChart.labels, helm.annotations]
    const keys = [
      ...marks.flatMap((one) => Object.keys(one)),
      'helm.sh/chart',
      'app.kubernetes.io/managed-by',
    ]
    expect(keys.filter((key) => !isOwnersKey(key))).toEqual([])
    expect(['app', 'app.kubernetes.io/name', 'color'].filter(isOwnersKey)).toEqual([])
  })
})

describe('who wrote the selector of a Service last', () => {
  /** As the API server has it: a selector is one field for all of its keys. */
  const entry = (manager: string, fields: object, operation = 'Update') => ({
    manager,
    operation,
    apiVersion: 'v1',
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
  })
  const itsSelector = { 'f:spec': { 'f:selector': {} } }
  const itsPorts = { 'f:spec': { 'f:ports': { '.': {} } }, 'f:metadata': { 'f:labels': {} } }

  it.each([
    ['one who wrote nothing else', [entry('helm', itsSelector)], 'helm'],
    [
      'not one who wrote other fields',
      [entry('helm', itsPorts), entry('kubectl-patch', itsSelector)],
      'kubectl-patch',
    ],
    [
      'whoever applies it, beside one who wrote the same',
      [entry('argocd-controller', itsSelector, 'Apply'), entry('kubectl-edit', itsSelector)],
      'argocd-controller',
    ],
    ['nobody that is known', [entry('helm', itsPorts)], null],
    ['nobody, where the API server tells nothing', [], null],
  ])('%s', (_, managedFields, manager) => {
    expect(managerOf(serviceOf('shop', selector, { managedFields }))).toBe(manager)
  })
})

describe('the remark on a selector that is', () => {
  const remark = (manager: string, marks: object = {}, key = 'color') =>
    ownerRemark(serviceOf('shop', selector, { ...fieldsOf(manager), ...marks }), key)

  it.each([
    [
      'written by Argo CD',
      'argocd-controller',
      {},
      /^color in the selector of Service shop was written by Argo CD \(argocd-controller\): unless its Application ignores that, its next sync puts users back on the color in Git\.\n/,
    ],
    [
      'kept by Argo CD, and written by a person',
      'kubectl-edit',
      argo,
      /^color in the selector of Service shop is kept by Argo CD: unless /,
    ],
    [
      'written by Flux',
      'kustomize-controller',
      flux,
      /was written by Flux .*: its next reconciliation .*\nmetadata:/s,
    ],
    ['kept by Flux', 'kubectl-patch', flux, /is kept by Flux: its next reconciliation/],
    ['written by Helm', 'helm', helm, /was written by Helm \(helm\): its next upgrade may put users back/],
    [
      'applied',
      'kubectl-client-side-apply',
      {},
      /^color in the selector of Service shop was written by kubectl apply \(kubectl-client-side-apply\): .* Leave the Service out of what is applied\.$/,
    ],
    ['applied by the server', 'kubectl', {}, /was written by kubectl apply \(kubectl\)/],
  ])('%s', (_, manager, marks, expected) => {
    expect(remark(manager, marks)).toMatch(expected)
  })

  it.each([
    ['written by us, since whoever keeps it has not put it back', 'blue-green-action', argo],
    ['written by a person', 'kubectl-patch', {}],
    ['written by an unknown', 'terraform', {}],
    [
      'left alone by Flux, as it was told to',
      'kustomize-controller',
      { ...flux, annotations: { 'kustomize.toolkit.fluxcd.io/ssa': 'IfNotPresent' } },
    ],
  ])('%s, is none', (_, manager, marks) => {
    expect(remark(manager, marks)).toBeNull()
  })

  it('names the key as a JSON pointer does', () => {
    expect(remark('argocd-controller', {}, 'example.com/color~1')).toContain(
      'jsonPointers: [/spec/selector/example.com~1color~01]',
    )
  })
})

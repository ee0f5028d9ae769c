import { duration } from '../forms/duration.ts'
import { perColorForm } from '../forms/per-color.ts'
import { anything, line, text } from '../forms/text.ts'
import { planned, type Setting } from './setting.ts'

const plannedForKubernetes = { ...planned, sections: ['kubernetes'] } as const

export const kubernetesSettings = {
  kubeconfig: {
    ...plannedForKubernetes,
    form: text,
    secret: true,
    defaultNote: 'what kubectl would use',
    description: 'Path or text of the kubeconfig',
  },
  'kube-context': {
    ...plannedForKubernetes,
    form: line,
    defaultNote: 'the current one',
    description: 'Context of the kubeconfig to use',
  },
  namespace: {
    ...plannedForKubernetes,
    form: line,
    defaultNote: 'that of the context',
    description: 'Namespace of the app',
  },
  'kube-service': {
    ...plannedForKubernetes,
    form: anything,
    default: '{app}',
    description: 'Service or Services whose selector is switched, together',
  },
  'selector-key': {
    ...plannedForKubernetes,
    form: line,
    defaultNote: 'found in the Service',
    description: 'Key of the selector that names the color',
  },
  'selector-value': {
    ...plannedForKubernetes,
    form: perColorForm('a value'),
    default: '{color}',
    description: 'Value of the selector for each color',
  },
  'kube-deployment': {
    ...plannedForKubernetes,
    form: perColorForm('a name'),
    default: '{app}-{color}',
    description: 'Deployment of each color',
  },
  'kube-container': {
    ...plannedForKubernetes,
    form: line,
    defaultNote: 'the only one',
    description: 'Container whose image is replaced',
  },
  manifests: {
    ...plannedForKubernetes,
    form: anything,
    description: 'Files or folders that are rendered for each color and applied instead of patching',
  },
  'kube-overlap': {
    ...plannedForKubernetes,
    form: duration,
    default: '0s',
    description: 'How long the selector matches both colors during the switch, as a duration',
  },
  'preview-service': {
    ...plannedForKubernetes,
    form: line,
    description: 'Service that is kept pointing at the idle color',
  },
  'kubectl-version': {
    ...plannedForKubernetes,
    form: line,
    defaultNote: 'kubectl on the PATH',
    description: 'Version of kubectl to install',
  },
} satisfies Record<string, Setting>

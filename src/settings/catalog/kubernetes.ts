import { duration } from '../forms/duration.ts'
import { kubeconfig } from '../forms/kubeconfig.ts'
import {
  deploymentNames,
  kubectlVersion,
  kubeServices,
  labelKey,
  labelName,
  labelValues,
  manifests,
  namePattern,
  namespace,
} from '../forms/kubernetes.ts'
import { line } from '../forms/text.ts'
import { inAnyMode, type Setting } from './setting.ts'

const onKubernetes = { ...inAnyMode, sections: ['kubernetes'] } as const

export const kubernetesSettings = {
  kubeconfig: {
    ...onKubernetes,
    form: kubeconfig,
    secret: true,
    defaultNote: 'what kubectl would use',
    description: 'Path or text of the kubeconfig; the text from a secret',
  },
  'kube-context': {
    ...onKubernetes,
    form: line,
    defaultNote: 'the current one',
    description: 'Context of the kubeconfig to use',
  },
  namespace: {
    ...onKubernetes,
    form: namespace,
    defaultNote: 'that of the context',
    description: 'Namespace of the app',
  },
  'kube-service': {
    ...onKubernetes,
    form: kubeServices,
    defaultNote: '`{app}`; with several `services`, what each names',
    description:
      'Service whose selector is switched, or a list of them, switched together; `none` for a part that users do not reach',
  },
  'selector-key': {
    ...onKubernetes,
    form: labelKey,
    defaultNote: 'found in the Service',
    description: 'Key of the selector that names the color',
  },
  'selector-value': {
    ...onKubernetes,
    form: labelValues,
    default: '{color}',
    description: 'Value of the selector for each color',
  },
  'kube-deployment': {
    ...onKubernetes,
    form: deploymentNames,
    default: '{app}-{color}',
    description: 'Deployment of each color, such as `{service}-{color}` with several `services`',
  },
  'kube-container': {
    ...onKubernetes,
    form: labelName,
    defaultNote: 'the only one',
    description: 'Container whose image is replaced',
  },
  manifests: {
    ...onKubernetes,
    form: manifests,
    description:
      'Files or folders in which `{color}`, `{image}` and `{version}` are filled in, applied instead of patching the Deployment',
  },
  'kube-overlap': {
    ...onKubernetes,
    form: duration,
    default: '0s',
    description:
      'How long the selector matches both colors during the switch, as a duration, for load balancers that lag',
  },
  'preview-service': {
    ...onKubernetes,
    form: namePattern,
    description: 'Service that is kept pointing at the idle color',
  },
  'kubectl-version': {
    ...onKubernetes,
    form: kubectlVersion,
    defaultNote: 'kubectl on the PATH',
    description: 'Version of kubectl to install, such as `v1.34.2`',
  },
} satisfies Record<string, Setting>

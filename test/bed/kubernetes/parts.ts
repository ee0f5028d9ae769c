/** What the parts of a cluster are told: the files that they read, and their arguments. */
import { join } from 'node:path'
import { type Addresses, apiPort, apiUrl } from './addresses.ts'
import { type Account, kubeconfigIn } from './credentials.ts'

export interface Layout {
  readonly addresses: Addresses
  /** Credentials and logs. */
  readonly folder: string
  /** Everything that a cluster keeps, in memory. */
  readonly state: string
  /** Below which all pods are. */
  readonly cgroup: string
  readonly pauseImage: string
}

export const parts = [
  'etcd',
  'kube-apiserver',
  'containerd',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
] as const

export type Part = (typeof parts)[number]

export const containerdSocket = ({ state }: Layout): string => join(state, 'containerd.sock')

export function argumentsOf(layout: Layout): Readonly<Record<Part, readonly string[]>> {
  const { addresses, folder, state } = layout
  const loggedIn = (account: Account) => `--kubeconfig=${kubeconfigIn(folder, account)}`
  const certificates = `--cert-dir=${join(state, 'certificates')}`
  const alone = ['--leader-elect=false', '--bind-address=127.0.0.1', certificates]
  const asking = (account: Account) => [
    loggedIn(account),
    `--authentication-kubeconfig=${kubeconfigIn(folder, account)}`,
    `--authorization-kubeconfig=${kubeconfigIn(folder, account)}`,
  ]
  return {
    etcd: [`--data-dir=${join(state, 'etcd')}`, '--unsafe-no-fsync', '--log-level=warn'],
    'kube-apiserver': [
      '--etcd-servers=http://127.0.0.1:2379',
      '--bind-address=0.0.0.0',
      `--secure-port=${apiPort}`,
      `--advertise-address=${addresses.node}`,
      `--tls-cert-file=${join(folder, 'certificate.pem')}`,
      `--tls-private-key-file=${join(folder, 'key.pem')}`,
      certificates,
      `--token-auth-file=${join(folder, 'tokens.csv')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${join(folder, 'service-account.pub')}`,
      `--service-account-signing-key-file=${join(folder, 'service-account.key')}`,
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      `--service-cluster-ip-range=${addresses.services}`,
      '--kubelet-preferred-address-types=InternalIP',
      '--allow-privileged',
      `--audit-policy-file=${join(state, 'audit.json')}`,
      `--audit-log-path=${auditLog(folder)}`,
    ],
    containerd: ['--config', join(state, 'containerd.toml')],
    'kube-controller-manager': [
      ...asking('kube-controller-manager'),
      ...alone,
      '--use-service-account-credentials',
      // After an API server that was away for longer, the node would be given up before it can say that it is well.
      '--node-monitor-grace-period=10m',
      `--service-account-private-key-file=${join(folder, 'service-account.key')}`,
      `--root-ca-file=${join(folder, 'certificate.pem')}`,
      // At the usual 20 requests a second the first service account is there after eight seconds.
      '--kube-api-qps=300',
      '--kube-api-burst=600',
    ],
    'kube-scheduler': [...asking('kube-scheduler'), ...alone],
    kubelet: [
      loggedIn('kubelet'),
      `--config=${join(state, 'kubelet.json')}`,
      '--hostname-override=node',
      `--node-ip=${addresses.node}`,
      `--root-dir=${join(state, 'kubelet')}`,
      certificates,
    ],
    'kube-proxy': [`--config=${join(state, 'kube-proxy.json')}`, '--hostname-override=node'],
  }
}

/** By their names in the folder of the state. */
export const filesOf = (layout: Layout): Readonly<Record<string, string>> => ({
  'containerd.toml': containerdFile(layout),
  'audit.json': JSON.stringify(auditPolicy),
  'cni/bed.conflist': JSON.stringify(podNetwork(layout)),
  'kubelet.json': JSON.stringify(kubeletFile(layout)),
  'kube-proxy.json': JSON.stringify(proxyFile(layout)),
})

export const auditLog = (folder: string): string => join(folder, 'logs', 'audit')

/** Who asked for what; a watch is written when it begins. What the parts ask each other is left out. */
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', userGroups: ['system:nodes', 'system:serviceaccounts:kube-system'] },
    {
      level: 'None',
      users: [
        'system:apiserver',
        'system:kube-controller-manager',
        'system:kube-scheduler',
        'system:kube-proxy',
      ],
    },
    { level: 'Metadata' },
  ],
}

/** `restrict_oom_score_adj`: without CAP_SYS_RESOURCE not even root may lower that score, and no container starts. */
const containerdFile = (layout: Layout): string => `version = 2
root = "${layout.state}/containerd"
state = "/run/containerd"
disabled_plugins = [${['aufs', 'btrfs', 'zfs', 'devmapper'].map((kind) => `"io.containerd.snapshotter.v1.${kind}"`).join(', ')}, "io.containerd.internal.v1.opt"]
grpc.address = "${containerdSocket(layout)}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${layout.pauseImage}"
  disable_apparmor = true
  restrict_oom_score_adj = true
  cni = {bin_dir = "/usr/lib/cni", conf_dir = "${layout.state}/cni"}
  containerd.runtimes.runc = {runtime_type = "io.containerd.runc.v2", options = {SystemdCgroup = false}}
`

const podNetwork = ({ addresses, state }: Layout) => ({
  cniVersion: '0.4.0',
  name: 'bed',
  plugins: [
    {
      type: 'bridge',
      bridge: 'pods',
      isGateway: true,
      hairpinMode: true,
      ipam: {
        type: 'host-local',
        dataDir: join(state, 'pod-addresses'),
        ranges: [[{ subnet: addresses.pods }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
})

/** It takes the machine as it is, swap and a full disk included, and evicts nobody. */
const kubeletFile = (layout: Layout) => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  containerRuntimeEndpoint: `unix://${containerdSocket(layout)}`,
  cgroupDriver: 'cgroupfs',
  cgroupRoot: `/${layout.cgroup}`,
  failCgroupV1: false,
  enforceNodeAllocatable: [],
  failSwapOn: false,
  localStorageCapacityIsolation: false,
  resolvConf: '',
  clusterDNS: [layout.addresses.api],
  clusterDomain: 'cluster.local',
  serializeImagePulls: false,
  imageGCHighThresholdPercent: 100,
  authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
  authorization: { mode: 'AlwaysAllow' },
  evictionHard: Object.fromEntries(
    ['memory.available', 'nodefs.available', 'nodefs.inodesFree', 'imagefs.available'].map((signal) => [
      signal,
      '0%',
    ]),
  ),
})

/**
 * Told which addresses are pods', it would send everybody else's traffic through one address, where connections are lost at times.
 * At its usual second between two looks, a Service refuses people after its pods are ready.
 */
const proxyFile = ({ folder }: Layout) => ({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'iptables',
  iptables: { minSyncPeriod: '50ms' },
  clientConnection: { kubeconfig: kubeconfigIn(folder, 'kube-proxy') },
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
})

export const readyPaths = ({ addresses }: Layout) => ({
  api: `${apiUrl(addresses)}/readyz`,
  node: `${apiUrl(addresses)}/api/v1/nodes/node`,
  /** Through the Service of the API server, and so through kube-proxy. */
  service: `https://${addresses.api}/livez`,
  serviceAccount: `${apiUrl(addresses)}/api/v1/namespaces/default/serviceaccounts/default`,
})

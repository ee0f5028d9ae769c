/** Where pods are counted and limited: https://docs.kernel.org/admin-guide/cgroup-v2.html, or v1 on machines that still have it. */
import { access, appendFile, copyFile, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runAsRoot } from '../vps/root.ts'

const all = '/sys/fs/cgroup'

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** As root. */
export async function makeCgroup(name: string): Promise<void> {
  if (await exists(join(all, 'cgroup.controllers'))) await makeUnified(name)
  else for (const hierarchy of await readdir(all)) await makeWithin(join(all, hierarchy), name)
}

async function makeUnified(name: string): Promise<void> {
  for (const controller of ['cpu', 'cpuset', 'memory', 'pids', 'io', 'hugetlb']) {
    // Not every kernel has all of them.
    await appendFile(join(all, 'cgroup.subtree_control'), `+${controller}`).catch(() => {})
  }
  await mkdir(join(all, name), { recursive: true })
}

async function makeWithin(hierarchy: string, name: string): Promise<void> {
  if (!(await exists(join(hierarchy, 'cgroup.procs')))) return
  await mkdir(join(hierarchy, name), { recursive: true })
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const own = join(hierarchy, file)
    if (await exists(own)) await copyFile(own, join(hierarchy, name, file))
  }
}

/** With all below it, once nobody is in there. Other cgroups come and go meanwhile. */
export async function removeCgroup(name: string): Promise<void> {
  const script = `for group in ${all}/"$1" ${all}/*/"$1"; do
  [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} +
done`
  await runAsRoot('sh', '-c', script, 'sh', name)
}

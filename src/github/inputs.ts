const prefix = 'INPUT_'

/**
 * What stands under `with:`, by setting name. The runner upper-cases a name and keeps its hyphens; an input that was not given
 * arrives empty.
 */
export function readInputs(environment: NodeJS.ProcessEnv): Record<string, string> {
  const inputs = Object.entries(environment).flatMap(([name, value]): [string, string][] => {
    const given = value?.trim()
    return name.startsWith(prefix) && given ? [[name.slice(prefix.length).toLowerCase(), given]] : []
  })
  return Object.fromEntries(inputs)
}

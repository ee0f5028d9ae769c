import { commands } from '../forms/commands.ts'
import { anything } from '../forms/text.ts'
import { inAnyMode, planned, type Setting } from './setting.ts'

export const commandTargetSettings = {
  commands: {
    ...inAnyMode,
    sections: ['command'],
    form: commands,
    defaultNote: '`observe` is required; `deploy`, `switch` and `stop` to deploy or roll back',
    description:
      'Your commands, a map of `observe` (prints `blue`, `green` or `none`), `status`, `deploy`, `ready`, `stop`, `remove`, `switch`, `manual` and `diagnose`',
  },
  ledger: {
    ...planned,
    sections: ['command'],
    form: anything,
    defaultNote: 'files in `state-directory`',
    description:
      'Where the lock and the history are kept: a map of the commands `read` and `write`, or `none`',
  },
} satisfies Record<string, Setting>

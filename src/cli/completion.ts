import { Argument, Command } from 'commander'
import { type CommandContext, formatExamples } from './command.ts'

type CreateProgram = (context: CommandContext) => Promise<Command>

/** Creates the command that writes a completion script, from the commands and options that there are. */
export function createCompletion(context: CommandContext, createProgram: CreateProgram): Command {
  return new Command('completion')
    .description('Writes a completion script for a shell.')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh']))
    .addHelpText(
      'after',
      formatExamples({
        'source <(calgate completion bash)': 'in ~/.bashrc',
        'source <(calgate completion zsh)': 'in ~/.zshrc, after compinit',
      }),
    )
    .action(async (shell: string) => {
      const program = await createProgram(context)
      context.stdout.write(shell === 'bash' ? writeBash(program) : writeZsh(program))
    })
}

/** Lists the words after each command; without one of them in first place, files. */
function listWords(program: Command): [string, string][] {
  const own = program.commands.map((command): [string, string] => {
    const options = command.options.map(({ long }) => long ?? '')
    const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? [])
    return [[command.name(), ...command.aliases()].join('|'), [...choices, ...options, '--help'].join(' ')]
  })
  return [...own, ['help', program.commands.map((command) => command.name()).join(' ')]]
}

/** Lists the values of the options that take one of a few; an option has the same ones with each command. */
function listValues(program: Command): [string, string][] {
  const options = program.commands.flatMap((command) => command.options)
  return [
    ...new Map(
      options.flatMap(({ long, argChoices }) => (long && argChoices ? [[long, argChoices.join(' ')]] : [])),
    ),
  ]
}

function writeBash(program: Command): string {
  const cases = listWords(program).map(([name, words]) => `    ${name}) words="${words}" ;;\n`)
  const values = listValues(program).map(([option, words]) => `    ${option}) words="${words}" ;;\n`)
  return `_calgate() {
  local word="\${COMP_WORDS[COMP_CWORD]}" words="${listNames(program)}"
  [ "$COMP_CWORD" -gt 1 ] && case "\${COMP_WORDS[1]}" in
${cases.join('')}    *) words="" ;;
  esac
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
${values.join('')}  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _calgate calgate
`
}

function writeZsh(program: Command): string {
  const cases = listWords(program).map(([name, words]) => `    ${name}) compadd -- ${words}; _files ;;\n`)
  const values = listValues(program).map(
    ([option, words]) => `    ${option}) compadd -- ${words}; return ;;\n`,
  )
  return `#compdef calgate
_calgate() {
  if (( CURRENT == 2 )); then compadd -- ${listNames(program)}; return; fi
  case "$words[CURRENT-1]" in
${values.join('')}  esac
  case "$words[2]" in
${cases.join('')}  esac
}
compdef _calgate calgate
`
}

function listNames(program: Command): string {
  return [...program.commands.map((command) => command.name()), 'help', '--help', '--version'].join(' ')
}

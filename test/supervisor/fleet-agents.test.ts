import { describe, expect, test } from 'vitest'
import { createRuntime } from '../../src/index.ts'
import { checkAgents, loadFleet } from '../../src/supervisor/fleet.ts'
import { dir, load, one, refused } from './fleet-fixtures.ts'

const fleet = (...lines: string[]) => `${one()}\nagents:\n${lines.map((line) => `  ${line}`).join('\n')}`
const url = 'https://models.example/v1'

test('no agent is configured unless somebody does', () => {
  expect(load(one()).agents).toEqual({})
  expect(load(`${one()}\nagents: {}`).agents).toEqual({})
})

test('what is left out has its default', () => {
  const { agents } = load(
    fleet(
      `model: { provider: openai-compatible, baseUrl: '${url}', model: m, apiKeyEnv: MODEL_KEY }`,
      "command: { run: [agent, '{task}'] }",
      'acp: { run: [agent, --acp], env: [AGENT_KEY], bind: [/opt/agent], minutes: 20, attempts: 1 }',
    ),
  )
  expect(agents).toEqual({
    model: {
      ...{ provider: 'openai-compatible', baseUrl: url, model: 'm', apiKeyEnv: 'MODEL_KEY' },
      ...{ attempts: 3, minutes: 10, maxTokens: 200_000, maxUsd: 1 },
    },
    command: { run: ['agent', '{task}'], env: [], bind: [], minutes: 10, attempts: 3 },
    acp: { run: ['agent', '--acp'], env: ['AGENT_KEY'], bind: ['/opt/agent'], minutes: 20, attempts: 1 },
  })
})

describe('what is not accepted is refused with file, line, key, accepted values and what was got', () => {
  const model = (...keys: string[]) => fleet('model:', ...['model: m', ...keys].map((key) => `  ${key}`))
  const ours = ['provider: openai-compatible', `baseUrl: ${url}`]
  const cases: [string, string, number, string, string, string][] = [
    ['an unknown agent', fleet('modle: {}'), 5, 'agents.modle', 'model, command, acp', '"modle"'],
    ['an unknown key', model(...ours, 'apiKey: abc'), 9, 'agents.model.apiKey', 'apiKeyEnv', '"apiKey"'],
    [
      'no provider',
      fleet('model: { model: m }'),
      5,
      'agents.model.provider',
      'openai-compatible, anthropic',
      'nothing',
    ],
    ['another provider', model('provider: x'), 7, 'agents.model.provider', 'openai-compatible, anthropic', '"x"'],
    ['no URL', model('provider: openai-compatible'), 5, 'agents.model.baseUrl', 'http://', 'nothing'],
    ['no key for Anthropic', model('provider: anthropic'), 5, 'agents.model.apiKeyEnv', 'environment', 'nothing'],
    [
      'a URL of another kind',
      model(ours[0] ?? '', 'baseUrl: ftp://x'),
      8,
      'agents.model.baseUrl',
      'http://',
      '"ftp://x"',
    ],
    [
      'a URL with a password',
      model(ours[0] ?? '', 'baseUrl: http://a:b@x/'),
      8,
      'agents.model.baseUrl',
      'without user',
      '',
    ],
    ['a key in place of its name', model(...ours, 'apiKeyEnv: sk-1'), 9, 'agents.model.apiKeyEnv', 'the name of', ''],
    ['21 attempts', model(...ours, 'attempts: 21'), 9, 'agents.model.attempts', 'from 1 to 20', '21'],
    ['0 minutes', model(...ours, 'minutes: 0'), 9, 'agents.model.minutes', 'from 1 to 240', '0'],
    ['999 tokens', model(...ours, 'maxTokens: 999'), 9, 'agents.model.maxTokens', 'from 1000', '999'],
    ['money without prices', model(...ours, 'maxUsd: 2'), 5, 'agents.model.usdPerMillionIn', 'both prices', 'nothing'],
    ['one price', model(...ours, 'usdPerMillionIn: 2'), 5, 'agents.model.usdPerMillionOut', 'both prices', 'nothing'],
    ['temperature 2.1', model(...ours, 'temperature: 2.1'), 9, 'agents.model.temperature', 'from 0 to 2', '2.1'],
    ['no program', fleet('command: { run: [] }'), 5, 'agents.command.run', 'a program', '[]'],
    ['a command line', fleet('command: { run: agent -p }'), 5, 'agents.command.run', 'a list', '"agent -p"'],
    ['a relative path', fleet('acp: { run: [a], bind: [b] }'), 5, 'agents.acp.bind[0]', 'an absolute path', '"b"'],
    [
      'a value in place of a name',
      fleet('acp: { run: [a], env: ["A=1"] }'),
      5,
      'agents.acp.env[0]',
      'the name of',
      '"A=1"',
    ],
  ]
  test.each(cases)('%s', (_what, text, line, key, accepted, got) => {
    const error = refused(text)
    expect(error.details).toMatchObject({ line, key })
    expect(error.message).toContain(accepted)
    expect(error.message).toContain(got)
  })
})

test('createRuntime takes the same, in the place of the fleet’s, and refuses the same', () => {
  const command = { run: ['agent'] }
  expect(checkAgents({ command })).toEqual({ command: { ...command, env: [], bind: [], minutes: 10, attempts: 3 } })
  expect(
    loadFleet({ kernels: [{ id: 'a', entry: './kernel.ts' }], agents: { command } }, { baseDir: dir }).agents,
  ).toEqual(checkAgents({ command }))
  const kernels = [{ id: 'a', entry: `${dir}/kernel.ts` }]
  expect(() => createRuntime({ fleet: { kernels }, agents: { command: { run: [] } } })).toThrow(
    expect.objectContaining({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(/^createRuntime: agents\.command\.run: must be a list .* Got: \[\]\./),
    }),
  )
  expect(() => createRuntime({ fleet: { kernels }, agents: 'model' as never })).toThrow('agents must be an object')
})

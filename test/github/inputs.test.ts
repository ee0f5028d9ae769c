import { describe, expect, it } from 'vitest'
import { readInputs } from '../../src/github/inputs.ts'
import { readOwner } from '../../src/github/owner.ts'

describe('inputs', () => {
  it('are named as in the workflow, trimmed, and absent when empty', () => {
    const environment = {
      'INPUT_HEALTH-PATH': ' /up\n',
      INPUT_APP: 'shop',
      INPUT_IMAGE: '  ',
      INPUT_WITH_SPACE: 'x',
      APP: 'other',
      'HEALTH-PATH': '/no',
      MY_INPUT_URL: 'no',
      INPUT_URL: undefined,
    }
    expect(readInputs(environment)).toEqual({ 'health-path': '/up', app: 'shop', with_space: 'x' })
  })
})

describe('the owner', () => {
  it('is the step of a run', () => {
    const environment = {
      GITHUB_RUN_ID: '7',
      GITHUB_RUN_ATTEMPT: '2',
      GITHUB_JOB: 'deploy',
      GITHUB_ACTION: '__shop',
      GITHUB_SERVER_URL: 'https://ghe.example.com',
      GITHUB_REPOSITORY: 'octo/shop',
      GITHUB_ACTOR: 'octocat',
      GITHUB_TRIGGERING_ACTOR: 'mona',
    }
    expect(readOwner(environment, 'n0nce')).toEqual({
      nonce: 'n0nce',
      run: '7',
      attempt: '2',
      job: 'deploy',
      step: '__shop',
      url: 'https://ghe.example.com/octo/shop/actions/runs/7/attempts/2',
      actor: 'mona',
    })
  })

  it('has words for a laptop', () => {
    const owner = readOwner({ USER: 'mona' }, 'n0nce')
    expect(owner).toEqual({
      nonce: 'n0nce',
      run: 'local',
      attempt: '1',
      job: 'local',
      step: 'local',
      url: '',
      actor: 'mona',
    })
  })
})

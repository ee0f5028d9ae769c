import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assemble, type Directive, parseFile } from '../../../../src/targets/vps/nginx-flag/configuration.ts'

type Plain = readonly [name: string, words: readonly string[], block: readonly Plain[] | null]

const plain = (directives: readonly Directive[]): readonly Plain[] =>
  directives.map(({ name, arguments: words, block }) => [name, words, block && plain(block)])

describe('a file of nginx', () => {
  it.each<[string, readonly Plain[]]>([
    ['user www-data;', [['user', ['www-data'], null]]],
    [
      'a;b  c\n\td ;',
      [
        ['a', [], null],
        ['b', ['c', 'd'], null],
      ],
    ],
    ['http { server { listen 80; } }', [['http', [], [['server', [], [['listen', ['80'], null]]]]]]],
    [
      `if (-f "/a b/c") { set $x $\{y}z; }`,
      [['if', ['(-f', '/a b/c', ')'], [['set', ['$x', `$\{y}z`], null]]]],
    ],
    ['# a { b;\nx #c;\n;', [['x', [], null]]],
    ['x a#b;', [['x', ['a#b'], null]]],
    [`log '{"a": "$b"}' "it's";`, [['log', ['{"a": "$b"}', `it's`], null]]],
    ['return 200 "a\\n\\"b\\"\\.";', [['return', ['200', 'a\n"b"\\.'], null]]],
    [
      `map $a $b { '' ''; ~*^/x{1} 2; }`,
      [
        [
          'map',
          ['$a', '$b'],
          [
            ['', [''], null],
            ['~*^/x', [], [['1}', ['2'], null]]],
          ],
        ],
      ],
    ],
    [
      'content_by_lua_block { if a then ngx.say("}") end } next;',
      [
        ['content_by_lua_block', [], []],
        ['next', [], null],
      ],
    ],
  ])('%s', (text, expected) => {
    expect(plain(parseFile(text, 'f'))).toEqual(expected)
  })

  it('says where each directive stands', () => {
    const [http] = parseFile('# one\nhttp {\n\n  server\n    x;\n}', '/etc/nginx/nginx.conf')
    expect(http?.at).toBe('/etc/nginx/nginx.conf:2')
    expect(http?.block?.[0]?.at).toBe('/etc/nginx/nginx.conf:4')
  })

  const word = fc.string({
    unit: fc.constantFrom('a', '$', '/', '.', ' ', ';', '{', '}', '"', "'", '#', '\\', '\n', 'é'),
  })
  const { tree } = fc.letrec<{ tree: readonly Plain[] }>((tie) => ({
    tree: fc.array(
      fc.tuple(
        fc.constantFrom('set', 'server', 'if'),
        fc.array(word, { maxLength: 3 }),
        fc.option(tie('tree')),
      ),
      { maxLength: 3, depthIdentifier: 'block' },
    ) as fc.Arbitrary<readonly Plain[]>,
  }))
  const quoted = (text: string) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`
  const render = (directives: readonly Plain[]): string =>
    directives
      .map(
        ([name, words, block]) =>
          `${[name, ...words.map(quoted)].join(' ')}${block === null ? ';' : ` {${render(block)}}`}`,
      )
      .join('\n')

  it('is read as it was written, whatever stands in its words', () => {
    fc.assert(
      fc.property(tree, (given) => {
        expect(plain(parseFile(render(given), 'f'))).toEqual(given)
      }),
    )
  })

  it('is read as far as it goes, whatever it is', () => {
    fc.assert(
      fc.property(word, (text) => {
        const broken = parseFile(`a b;\n${text}`, 'f')
        expect(broken[0]).toMatchObject({ name: 'a', arguments: ['b'] })
      }),
    )
  })
})

describe('all files together', () => {
  const names = (files: Readonly<Record<string, string>>) => {
    const list = (directives: readonly Directive[]): readonly unknown[] =>
      directives.map(({ name, block }) => (block === null ? name : [name, list(block)]))
    return list(assemble({ texts: new Map(Object.entries(files)), root: '/etc/nginx' }))
  }

  it('have what is included in its place, in the order of names', () => {
    expect(
      names({
        '/etc/nginx/nginx.conf':
          'user x; http { include conf.d/*.conf; include /etc/nginx/sites-enabled/*; }',
        '/etc/nginx/conf.d/b.conf': 'b;',
        '/etc/nginx/conf.d/a.conf': 'a;',
        '/etc/nginx/conf.d/a.conf.old': 'old;',
        '/etc/nginx/conf.d/deeper/c.conf': 'c;',
        '/etc/nginx/sites-enabled/shop': 'server { include snippets/x[1].conf; include none; }',
        '/etc/nginx/snippets/x1.conf': 'x;',
      }),
    ).toEqual(['user', ['http', ['a', 'b', ['server', ['x']]]]])
  })

  it('end, though they include each other', () => {
    expect(names({ '/etc/nginx/nginx.conf': 'a; include nginx.conf; b;' })).toEqual(['a', 'b'])
  })

  it('are none where there is no nginx', () => {
    expect(names({})).toEqual([])
  })
})

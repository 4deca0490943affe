import { type Argument, type Expression, parseSync, Visitor } from 'oxc-parser';
import { textOf } from './pages.ts';

/** Text that people read: a comment, a test title, a text of a program (help, error, report) or a line of a page. */
export type ReadText = {
  readonly file: string;
  readonly line: number;
  readonly kind: 'comment' | 'title' | 'text' | 'page';
  readonly text: string;
};

const titled = ['test', 'it', 'describe'];

/** SQL and HTML are not prose: their words are names of tables and elements. */
const isProse = (text: string): boolean =>
  /\w \w/.test(text) &&
  !/^\s*(<|select |insert |update |delete |create |alter |drop |with |union )/i.test(text);

/** Code in backquotes, quoted texts of others, and targets of links do not count as text. */
const withoutCode = (text: string): string =>
  text
    .replace(/\$\{[^}]*\}/g, '')
    .replace(/`[^`]*`/g, '``')
    .replace(/\]\([^)]*\)/g, ']')
    .replace(/https?:\S+/g, '');

/** Returns the texts of a source file: its comments, and its test titles or its other prose. */
export function textsOfSource(file: string, source: string = textOf(file)): ReadText[] {
  const { comments, program, errors } = parseSync(file, source);
  if (errors[0]) throw new Error(`${file} cannot be parsed: ${errors[0].message}`);
  const lineAt = (offset: number) => source.slice(0, offset).split('\n').length;
  const found: ReadText[] = comments.flatMap(({ value, start }) =>
    withoutCode(value)
      .split('\n')
      .map((text, index) => ({ file, line: lineAt(start) + index, kind: 'comment', text })),
  );
  const kind = file.startsWith('test/') ? 'title' : 'text';
  const add = (start: number, text: string) => {
    if (isProse(text)) found.push({ file, line: lineAt(start), kind, text: withoutCode(text) });
  };
  const addProse = (node: Argument | undefined) => {
    if (node?.type === 'Literal' && typeof node.value === 'string') add(node.start, node.value);
    if (node?.type === 'TemplateLiteral') add(node.start, source.slice(node.start + 1, node.end - 1));
  };
  new Visitor({
    CallExpression(node) {
      if (kind === 'title' && titled.includes(nameOf(node.callee))) addProse(node.arguments[0]);
    },
    Literal(node) {
      if (kind === 'text') addProse(node);
    },
    TemplateLiteral(node) {
      if (kind === 'text') addProse(node);
    },
  }).visit(program);
  return found;
}

/** `test` of `test('…')`, `test.each(…)('…')` and `test.skipIf(…)('…')`. */
function nameOf(callee: Expression): string {
  if (callee.type === 'Identifier') return callee.name;
  if (callee.type === 'CallExpression') return nameOf(callee.callee);
  if (callee.type === 'TaggedTemplateExpression') return nameOf(callee.tag);
  return callee.type === 'MemberExpression' ? nameOf(callee.object) : '';
}

/** Returns the lines of a page, without its code blocks. */
export function textsOfPage(file: string, page: string = textOf(file)): ReadText[] {
  let isCode = false;
  return page.split('\n').flatMap((text, index) => {
    const isFence = /^\s*```/.test(text);
    if (isFence) isCode = !isCode;
    return isFence || isCode ? [] : [{ file, line: index + 1, kind: 'page', text: withoutCode(text) }];
  });
}

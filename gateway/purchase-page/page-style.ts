import { Markup } from '../../shared/html/markup.ts';

/** The page's own colours have a contrast of 4.5 and more on their grounds, light and dark. */
export const pageCss = `
:root { color-scheme: light dark; --ground: #f4f5f7; --card: #fff; --text: #1d2129; --quiet: #565d69; --line: #d5d9e0;
  --link: #0b5cad; --good: #1a6b33; --wait: #8a5a00; --bad: #a8201a; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #15181d; --card: #1f242b; --text: #e8eaee; --quiet: #a9b1bd; --line: #3a414c;
    --link: #7db8f5; --good: #6fce8a; --wait: #e5b454; --bad: #ff9189; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 42rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 1rem; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 0 0 .25rem; font-size: 1.15rem; }
h3 { margin: 1rem 0 0; font-size: 1rem; }
p { margin: .25rem 0 .5rem; }
.kind { margin: 0; color: var(--quiet); }
.card { margin: 0 0 1rem; padding: 1rem; background: var(--card); border: 1px solid var(--line);
  border-left: .35rem solid var(--quiet); border-radius: .5rem; }
.card.good { border-left-color: var(--good); } .card.good h2 { color: var(--good); }
.card.wait { border-left-color: var(--wait); } .card.wait h2 { color: var(--wait); }
.card.bad { border-left-color: var(--bad); } .card.bad h2 { color: var(--bad); }
.card.question { border-left-color: var(--bad); }
.alert { padding: .75rem 1rem; border: 1px solid var(--link); border-radius: .5rem; background: var(--card); font-weight: 600; }
dl { margin: 1rem 0 0; }
dl div { display: flex; flex-wrap: wrap; gap: 0 1rem; padding: .35rem 0; border-top: 1px solid var(--line); }
dt { flex: 0 0 9rem; color: var(--quiet); }
dd { flex: 1 1 12rem; margin: 0; }
a { color: var(--link); }
.button, button { display: inline-block; margin: .25rem .5rem .25rem 0; padding: .55rem 1rem; border: 1px solid var(--line);
  border-radius: .4rem; background: var(--card); color: var(--text); font: inherit; text-decoration: none; cursor: pointer; }
button { border-color: var(--bad); background: var(--bad); color: var(--card); font-weight: 600; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
section { margin: 1.5rem 0 0; }
section.card { margin-top: 0; }
.history { margin: .5rem 0 0; padding: 0; list-style: none; border-left: 2px solid var(--line); }
.history li { margin: 0; padding: 0 0 .9rem 1rem; }
.history time, .cause { display: block; color: var(--quiet); font-size: .9rem; }
.what { display: block; }
footer { margin-top: 2rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: .9rem; }
@media print { body { background: none; } .button, form { display: none; } }
`;

export const pageStyle = new Markup(`<style>${pageCss}</style>`);

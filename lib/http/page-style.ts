/** The page's own style, in the colours that its reader's system asks for. */
export const STYLE = `
:root { color-scheme: light dark; --quiet: light-dark(#555, #aaa); --line: light-dark(#ddd, #444); --link: light-dark(#0a5a9c, #7cc0ff); }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 46rem; padding: 1rem; }
header { display: flex; align-items: baseline; gap: 1rem; }
header p { color: var(--quiet); margin: 0; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 0 0 .5rem; }
section { border-top: 1px solid var(--line); margin-top: 1rem; padding-top: 1rem; }
a { color: var(--link); }
ul { padding-left: 1.2rem; }
pre { overflow-x: auto; border: 1px solid var(--line); border-radius: 4px; padding: .75rem; }
code { font: .9em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
pre code { overflow-wrap: normal; }
form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; }
label { flex-basis: 100%; }
input { flex: 1 1 20rem; font: .95rem ui-monospace, monospace; padding: .4rem; }
button { font: inherit; padding: .3rem .9rem; }
dt { font-weight: 600; }
dd { margin: 0 0 .75rem; }
`;

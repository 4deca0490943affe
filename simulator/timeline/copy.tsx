import { useSignal } from '@preact/signals';

/** Copies a text and confirms it. Where the browser refuses, it shows the text to be copied by hand. */
export function Copy({ name, text }: { readonly name: string; readonly text: () => string }) {
  const state = useSignal<'ready' | 'copied' | 'refused'>('ready');
  const onClick = () => {
    void copied(text()).then((isCopied) => {
      state.value = isCopied ? 'copied' : 'refused';
    });
  };
  return (
    <>
      <button type="button" onClick={onClick}>
        {state.value === 'copied' ? `${name} ✓` : name}
      </button>
      {state.value === 'refused' ? <textarea aria-label={name} readOnly rows={6} value={text()} /> : null}
    </>
  );
}

/** False: the browser refused, as it does on a page without TLS or without the reader's permission. */
async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

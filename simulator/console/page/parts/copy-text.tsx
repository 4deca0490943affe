import { useState } from 'preact/hooks';

/** A text to be copied, with a button that copies it. */
export function CopyText({ label, text }: { readonly label: string; readonly text: string }) {
  const [isCopied, setIsCopied] = useState(false);
  return (
    <section class="copy" aria-label={label}>
      <div class="head">
        <h3>{label}</h3>
        <button
          type="button"
          class="quiet"
          onClick={() => {
            navigator.clipboard.writeText(text).then(
              () => setIsCopied(true),
              () => setIsCopied(false),
            );
          }}
        >
          {isCopied ? 'Copied' : 'Copy'}
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who scrolls with the keyboard has to reach it */}
      <pre tabIndex={0}>{text}</pre>
    </section>
  );
}

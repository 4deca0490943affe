import type { ComponentChildren } from 'preact';

/** A control of a form below its label. */
export function Field({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is among the children
    <label>
      {label}
      {children}
    </label>
  );
}

export function TextField({
  label,
  value,
  onInput,
  maxLength,
}: {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly maxLength?: number;
}) {
  return (
    <Field label={label}>
      <input value={value} maxLength={maxLength} onInput={(event) => onInput(event.currentTarget.value)} />
    </Field>
  );
}

/** Options by value, each with its text. */
export function SelectField({
  label,
  value,
  options,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly onChange: (value: string) => void;
}) {
  return (
    <Field label={label}>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </Field>
  );
}

import type { Tool } from './use-map-pointer.ts';

const tools: readonly { readonly tool: Tool; readonly label: string }[] = [
  { tool: 'move', label: 'Move' },
  { tool: 'rectangle', label: 'Rectangle' },
  { tool: 'free', label: 'Free form' },
];

/** What dragging on the map does, and what the keyboard does without dragging. */
export function MapTools(props: {
  readonly tool: Tool;
  readonly setTool: (tool: Tool) => void;
  readonly hasArea: boolean;
  readonly onClear: () => void;
  readonly onIn: () => void;
  readonly onOut: () => void;
  readonly fit: () => void;
  readonly chooseShown: () => void;
}) {
  const { tool: current, setTool, hasArea } = props;
  return (
    <div class="actions map-tools" role="toolbar" aria-label="Map">
      <span class="joined">
        {tools.map(({ tool, label }) => (
          <button key={tool} type="button" aria-pressed={tool === current} onClick={() => setTool(tool)}>
            {label}
          </button>
        ))}
      </span>
      <span class="joined">
        <button type="button" aria-label="Zoom in" onClick={props.onIn}>
          +
        </button>
        <button type="button" aria-label="Zoom out" onClick={props.onOut}>
          −
        </button>
        <button type="button" onClick={props.fit}>
          All
        </button>
      </span>
      <button type="button" onClick={props.chooseShown}>
        Choose what is shown
      </button>
      {hasArea ? (
        <button type="button" class="primary" onClick={props.onClear}>
          Clear the area
        </button>
      ) : null}
    </div>
  );
}

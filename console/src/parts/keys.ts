// Keys that do something wherever one is on the page, unless one is typing.

import { useEffect, useRef } from 'react';

export type Keys = Readonly<Record<string, (event: KeyboardEvent) => void>>;

/** Calls what is set for the key that is pressed, by `KeyboardEvent.key` in lower case: capitals are not asked for. */
export function useKeys(keys: Keys, active = true) {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    if (!active) return;
    const pressed = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing)
        return;
      if (isTyping(event.target) || takesKey(event)) return;
      const act = current.current[event.key.toLowerCase()];
      if (!act) return;
      event.preventDefault();
      act(event);
    };
    document.addEventListener('keydown', pressed);
    return () => document.removeEventListener('keydown', pressed);
  }, [active]);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.matches('input:not([type="checkbox"], [type="radio"]), textarea, select'))
  );
}

/** What lies over the page and takes all keys, as Ant Design draws it. */
const OPEN = [
  '.ant-modal-wrap:not([style*="display: none"])',
  '.ant-image-preview',
  ...['popover', 'dropdown', 'select-dropdown', 'picker-dropdown'].map(
    (name) => `.ant-${name}:not(.ant-${name}-hidden)`,
  ),
].join(', ');

/** Enter belongs to the button or link that has the focus; all keys do to an open dialog or menu. */
function takesKey(event: KeyboardEvent): boolean {
  const { target } = event;
  if (document.querySelector(OPEN)) return true;
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest('[role="menu"], [role="listbox"]')) return true;
  return event.key === 'Enter' && target.closest('a, button, summary, [role="tab"]') !== null;
}

// One complaint beside the list.

import { Drawer, Grid } from 'antd';
import { useEffect, useRef } from 'react';
import { texts, useTexts } from '~/i18n';
import { Boundary, usePhone } from '~/parts';
import ComplaintView from './view';

const words = texts({ complaint: ['投诉单', 'Complaint'] });

/** The list gives the focus to the complaint that was shown last, which need not be the one that was opened. */
const FOCUS = { focusTriggerAfterClose: false };

export interface ComplaintDrawerProps {
  /** Which; `null`: none. */
  id: string | null;
  close: () => void;
  /** It is gone from the page. */
  closed: () => void;
  /** Opens the next, or the one before. */
  step: (by: 1 | -1) => void;
}

/**
 * Says when it is gone from the page. The drawer itself says it only if it had come in wholly before it was closed, and
 * goes without a word otherwise.
 */
function Farewell({ say }: { say: () => void }) {
  const latest = useRef(say);
  latest.current = say;
  useEffect(() => () => latest.current(), []);
  return null;
}

export default function ComplaintDrawer({ id, close, closed, step }: ComplaintDrawerProps) {
  const t = useTexts(words);
  const phone = usePhone();
  const { xl } = Grid.useBreakpoint();
  // What was shown last stays while the drawer slides away.
  const last = useRef(id);
  if (id) last.current = id;
  return (
    <Drawer
      open={id !== null}
      onClose={close}
      size={phone ? '100%' : xl ? 680 : 600}
      // One goes on using the list beside it; on a phone there is nothing beside it.
      mask={phone}
      keyboard={false}
      focusable={FOCUS}
      closable={false}
      destroyOnHidden
      styles={{ body: { padding: 0 } }}
      aria-label={t.complaint}
    >
      <Farewell say={closed} />
      <Boundary key={last.current}>
        {last.current ? <ComplaintView id={last.current} close={close} step={step} /> : null}
      </Boundary>
    </Drawer>
  );
}

// The ways on a phone, where there is no room beside the page.

import { Drawer } from 'antd';
import type { ReactNode } from 'react';

export default function WaysDrawer({
  open,
  close,
  title,
  children,
}: {
  open: boolean;
  close: () => void;
  title: string;
  children: ReactNode;
}) {
  return (
    <Drawer
      open={open}
      onClose={close}
      placement="left"
      size={264}
      title={title}
      styles={{ body: { padding: 0 } }}
    >
      {children}
    </Drawer>
  );
}

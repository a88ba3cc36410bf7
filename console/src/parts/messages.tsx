// Short messages and questions over the page. Around the pages that have any, not around all: they are as large as a
// page.

import { App } from 'antd';
import type { ReactNode } from 'react';

/** What is under it may tell things by `App.useApp()`. */
export function Messages({ children }: { children: ReactNode }) {
  return (
    <App component={false} message={{ maxCount: 3 }}>
      {children}
    </App>
  );
}

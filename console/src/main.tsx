import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode, Suspense } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router';
import { queryClient } from './api';
import { Boundary } from './parts';
import { Pages } from './routes';
import { askForSession } from './session';
import { paint, Themed } from './theme';
import './theme/global.css';

askForSession();
paint();

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <Themed>
          <Boundary>
            <Suspense fallback={null}>
              <BrowserRouter>
                <Pages />
              </BrowserRouter>
            </Suspense>
          </Boundary>
        </Themed>
      </QueryClientProvider>
    </StrictMode>,
  );
}

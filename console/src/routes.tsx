// Every page and its address. Each is loaded when it is opened.

import { lazy } from 'react';
import { Route, Routes } from 'react-router';
import { Home } from './pages/home';
import { NotFound } from './pages/not-found';
import { SignedInOnly } from './session/gate';
import { Shell } from './shell';

const SignIn = lazy(() => import('./pages/sign-in'));
const loadQueue = () => import('./pages/queue');
const Queue = lazy(loadQueue);
const Complaint = lazy(() => import('./pages/complaint'));
const Dashboard = lazy(() => import('./pages/dashboard'));
const Import = lazy(() => import('./pages/import'));
const Settings = lazy(() => import('./pages/settings'));

// The home page is fetched while the server is asked who is signed in, not after.
// Should that fail, it does so again where it is told.
if (['/', '/queue'].includes(location.pathname)) loadQueue().catch(() => {});

export function Pages() {
  return (
    <Routes>
      <Route path="/sign-in" element={<SignIn />} />
      <Route
        element={
          <SignedInOnly>
            <Shell />
          </SignedInOnly>
        }
      >
        <Route index element={<Home />} />
        <Route path="/queue" element={<Queue />} />
        <Route path="/complaints/:id" element={<Complaint />} />
        <Route path="/dashboard" element={<Dashboard />} />
        <Route path="/import" element={<Import />} />
        <Route path="/settings/*" element={<Settings />} />
        <Route path="*" element={<NotFound />} />
      </Route>
    </Routes>
  );
}

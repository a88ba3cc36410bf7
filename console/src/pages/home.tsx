// The front page leads on: to the queue, or to where one wanted to go before one signed in elsewhere.

import { useEffect, useState } from 'react';
import { Navigate } from 'react-router';
import { forgetDestination, rememberedDestination } from './sign-in/destination';

export function Home() {
  const [to] = useState(rememberedDestination);
  useEffect(forgetDestination, []);
  return <Navigate to={to} replace />;
}

export { usePreference } from './preference';
export {
  keep,
  type PermissionSet,
  SESSION_KEY,
  SessionProvider,
  type Shop,
  useSession,
  useSessionQuery,
} from './session';

export { Link, useShopAddress } from './link';
export { useMemberNames } from './member-names';
export { type Preference, usePreference } from './preference';
export { useRoleNames } from './roles';
export {
  askForSession,
  keep,
  type PermissionSet,
  SESSION_KEY,
  SessionProvider,
  type Shop,
  signOut,
  useSession,
  useSessionQuery,
} from './session';

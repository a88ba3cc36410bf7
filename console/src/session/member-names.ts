import { useCall } from '~/api';
import { useSession } from './session';

/** Whose work something can be: oneself first, then the other members, then `others` who are named already. */
export function useMemberNames(others: readonly string[] = []): string[] {
  const { user } = useSession();
  const members = useCall('tousu.member.names', {}, { staleTime: 300_000 }).data?.list ?? [];
  const names = [user.name || user.login, ...members.map(({ login, name }) => name || login), ...others];
  return [...new Set(names.filter(Boolean))];
}

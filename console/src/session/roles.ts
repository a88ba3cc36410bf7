import { type Pair, pick, useLanguage } from '~/i18n';

const ROLES: Readonly<Record<string, Pair>> = {
  viewer: ['只读', 'Viewer'],
  agent: ['客服', 'Agent'],
  supervisor: ['主管', 'Supervisor'],
  administrator: ['管理员', 'Administrator'],
};

/** What people call roles. */
export function useRoleNames(): (role: string) => string {
  const language = useLanguage();
  return (role) => {
    const pair = ROLES[role];
    return pair ? pick(pair, language) : role;
  };
}

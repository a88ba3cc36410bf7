export { Shell } from './shell';
export { useRoleName } from './user-menu';

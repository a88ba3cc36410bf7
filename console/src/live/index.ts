export { useNow } from './clock';
export { useFollow, useVersionNow } from './follow';
export { type Hearing, useCounts, useHearing, useListening, useVersion } from './live';

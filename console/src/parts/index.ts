export { cards, titled } from './cards';
export { Copy } from './copy';
export { type Keys, useKeys } from './keys';
export { usePhone } from './media';
export { PageHeader, useTitle } from './page';
export { Boundary, Empty, Failed, Loading, OfflineBanner } from './states';
export { ChannelTag, SourceText, StateTag, StepText, UserTag, UserTags } from './tags';
export { Countdown, When } from './when';

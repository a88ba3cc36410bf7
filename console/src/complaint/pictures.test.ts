import { expect, test } from 'vitest';
import { isShowable } from './pictures';

test('pictures are https or data, and nothing that could run', () => {
  for (const address of ['https://a.example/1.png', 'data:image/png;base64,iVBORw0KGgo=']) {
    expect(isShowable(address), address).toBe(true);
  }
  for (const address of [
    'http://a.example/1.png',
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'data:text/html;base64,PHNjcmlwdD4=',
    'data:image/svg+xml;base64,PHN2Zz4=',
    'data:image/png;base64,"><script>',
    '//a.example/1.png',
    '/1.png',
    '',
  ]) {
    expect(isShowable(address), address).toBe(false);
  }
});

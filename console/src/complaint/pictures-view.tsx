// Pictures that strangers linked: small ones that grow at a press. Their hosts learn neither where they are shown
// nor to whom, but that somebody looks; what is no picture's address is shown as text.

import { Image } from 'antd';
import { texts, useTexts } from '~/i18n';
import { isShowable } from './pictures';
import css from './pictures-view.module.css';

const words = texts({
  nth: (name: string, n: number) => [`${name} ${n}`, `${name} ${n}`],
});

const BROKEN = 'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7';

export function Pictures({ addresses, name }: { addresses: readonly string[]; name: string }) {
  const t = useTexts(words);
  if (addresses.length === 0) return null;
  const showable = addresses.filter(isShowable);
  const others = addresses.filter((address) => !isShowable(address));
  return (
    <div className={css.pictures}>
      <Image.PreviewGroup>
        {showable.map((address, at) => (
          <Image
            key={address}
            className={css.picture}
            src={address}
            alt={t.nth(name, at + 1)}
            width={88}
            height={88}
            loading="lazy"
            referrerPolicy="no-referrer"
            fallback={BROKEN}
          />
        ))}
      </Image.PreviewGroup>
      {others.map((address) => (
        <code key={address} className={css.text}>
          {address}
        </code>
      ))}
    </div>
  );
}

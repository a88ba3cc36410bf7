// For which shop one works; a choice where there are several.

import { Select } from 'antd';
import { texts, useTexts } from '~/i18n';
import { useSession } from '~/session';
import css from './shop-switch.module.css';

const words = texts({ shop: ['店铺', 'Shop'] });

export function ShopSwitch() {
  const t = useTexts(words);
  const { shop, shops, chooseShop } = useSession();
  if (shops.length < 2) {
    return (
      <span className={css.single} title={`${shop.name} ${shop.app_id}`}>
        {shop.name || shop.app_id}
      </span>
    );
  }
  return (
    <Select
      className={css.select}
      aria-label={t.shop}
      value={shop.app_id}
      onChange={chooseShop}
      showSearch={{ optionFilterProp: 'label' }}
      popupMatchSelectWidth={false}
      options={shops.map(({ app_id, name }) => ({ value: app_id, label: name || app_id }))}
    />
  );
}

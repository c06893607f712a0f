// Everything about one's own account. Invariant: a section stands here only when the server knows its calls.
import { useTranslation } from "react-i18next";
import { Page } from "@/components/ui/Page";
import { useAbilities } from "@/lib/api/abilities";
import type { User } from "@/lib/api/types";
import { Keys } from "./Keys";
import { Leaving } from "./Leaving";
import { Password } from "./Password";
import { Profile } from "./Profile";
import { Sessions } from "./Sessions";
import { Signals } from "./Signals";
import { Spending } from "./Spending";
import { StorageUse } from "./StorageUse";

export function AccountPage({ user }: { user: User }) {
  const { t } = useTranslation();
  const { keys, sessions, password, exportAccount, deleteAccount } = useAbilities();
  return (
    <Page title={t("account.title")}>
      <Profile user={user} />
      <Signals />
      <Spending />
      <StorageUse />
      {keys && <Keys />}
      {password && <Password user={user} />}
      {sessions && <Sessions />}
      {(exportAccount || deleteAccount) && <Leaving />}
    </Page>
  );
}

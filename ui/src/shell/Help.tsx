import { useState } from "react";
import { en } from "../i18n/en";
import { registry, setSingleKeys, useAllCommands } from "../keys/useCommands";
import { Dialog, Kbd, Switch } from "../kit";

/** Every key that works on the page now (`?`). */
export function Help({ open, onClose }: { open: boolean; onClose: () => void }) {
  const commands = useAllCommands().filter((command) => command.keys?.length);
  const [single, setSingle] = useState(registry.singleKeys);
  const groups = [...new Set(commands.map((command) => command.group))];
  return (
    <Dialog open={open} onClose={onClose} title={en.help.title} width={720}>
      <div className="help">
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {commands
                .filter((command) => command.group === group)
                .map((command) => (
                  <div key={command.id} className="help-row">
                    <dt>{command.title}</dt>
                    <dd>
                      {command.keys!.map((keys) => (
                        <Kbd key={keys} keys={keys} />
                      ))}
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
      <footer className="help-foot">
        <Switch
          label={en.help.single}
          on={single}
          onChange={(on) => {
            setSingle(on);
            setSingleKeys(on);
          }}
        />
        <span className="muted">{en.help.singleHint}</span>
      </footer>
    </Dialog>
  );
}

-- revision: a90c4d72e8b1
-- parents: 5e13a8f7c960
-- message: E-mail for everyone, priorities
-- created: 2026-11-21T08:55:37Z
-- schema: sha256:7a1eafc9697ed0929de3cd533e0baac7f72eff38333249414595e8f8c46ca613
-- requires: sqlite 3.53
-- schemactl: allow SC208 the program stands still during an upgrade

-- migrate:up
-- stops at: a row of `task` that violates CHECK (due_on IS date(due_on))
--   SELECT "id" FROM "task" WHERE NOT (due_on IS date(due_on))
--   help: change these rows first, in a revision of your own: `schemactl revision -m "..."`

DROP VIEW "unfinished_task";
ALTER TABLE "user" RENAME COLUMN "mail" TO "email";

-- Fills user.email where it is NULL.
UPDATE "user" SET "email" = ('user-' || id || '@example.invalid') WHERE "email" IS NULL;

ALTER TABLE "user" ALTER COLUMN "email" SET NOT NULL;
ALTER TABLE "task" ADD COLUMN "priority" INTEGER NOT NULL DEFAULT 2 CHECK (priority BETWEEN 1 AND 3);
ALTER TABLE "task" ADD CHECK (due_on IS date(due_on));

CREATE VIEW "unfinished_task" AS
SELECT task.id, team.name AS team, task.title, task.priority, task.due_on, user.name AS assignee
FROM task
JOIN team ON team.id = task.team_id
LEFT JOIN user ON user.id = task.assignee_id
WHERE task.state <> 'done';

-- migrate:down
-- Stops here if foreign keys are enforced: DROP TABLE would then delete or change rows that refer to the table.
-- schemactl runs this script with `PRAGMA foreign_keys = OFF` and checks all references before it commits.
CREATE TEMP TABLE "schemactl_guard" ("foreign_keys_must_be_off" INT CHECK ("foreign_keys_must_be_off" = 0));
INSERT INTO "schemactl_guard" SELECT "foreign_keys" FROM pragma_foreign_keys;
DROP TABLE "schemactl_guard";

DROP VIEW "unfinished_task";
ALTER TABLE "user" RENAME COLUMN "email" TO "mail";
ALTER TABLE "user" ALTER COLUMN "mail" DROP NOT NULL;

-- rebuild: task
-- Rebuilds task: copies every row and builds 2 indexes again. ALTER TABLE cannot do all of this:
--   dropped column task.priority
--   dropped CHECK constraint on task: priority BETWEEN 1 AND 3
--   dropped CHECK constraint on task: due_on IS date(due_on)
-- Discards the values of task.priority.
CREATE TABLE "schemactl_new_task" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "team_id" INTEGER NOT NULL REFERENCES "team" ("id") ON DELETE CASCADE,
  "assignee_id" INTEGER REFERENCES "user" ("id") ON DELETE SET NULL,
  "title" TEXT NOT NULL CHECK (length(title) > 0),
  "body" TEXT NOT NULL DEFAULT '',
  "state" TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'doing', 'done')),
  "due_on" TEXT
);

INSERT OR ABORT INTO "schemactl_new_task" ("id", "team_id", "assignee_id", "title", "body", "state", "due_on")
  SELECT "id", "team_id", "assignee_id", "title", "body", "state", "due_on"
  FROM "task";

-- Carries the AUTOINCREMENT counter over, so that no identifier is given twice.
DELETE FROM sqlite_sequence WHERE name = 'schemactl_new_task';
INSERT INTO sqlite_sequence (name, seq) SELECT 'schemactl_new_task', seq FROM sqlite_sequence WHERE name = 'task';

DROP TABLE "task";

-- The plain rename: views, triggers and foreign keys that name the table stay as they are.
PRAGMA legacy_alter_table = ON;
ALTER TABLE "schemactl_new_task" RENAME TO "task";
PRAGMA legacy_alter_table = OFF;
CREATE INDEX "task_unfinished" ON "task" ("team_id", "due_on") WHERE state <> 'done';
CREATE INDEX "task_by_assignee" ON "task" ("assignee_id");
-- rebuild: end

CREATE VIEW "unfinished_task" AS
SELECT task.id, team.name AS team, task.title, task.due_on, user.name AS assignee
FROM task
JOIN team ON team.id = task.team_id
LEFT JOIN user ON user.id = task.assignee_id
WHERE task.state <> 'done';

CREATE TRIGGER "task_created" AFTER INSERT ON "task"
BEGIN
  INSERT INTO task_event (task_id, new_state) VALUES (new.id, new.state);
END;

CREATE TRIGGER "task_moved" AFTER UPDATE OF "state" ON "task"
WHEN old.state <> new.state
BEGIN
  INSERT INTO task_event (task_id, old_state, new_state) VALUES (new.id, old.state, new.state);
END;

CREATE TRIGGER "task_text_insert" AFTER INSERT ON "task"
BEGIN
  INSERT INTO task_text (rowid, title, body) VALUES (new.id, new.title, new.body);
END;

CREATE TRIGGER "task_text_delete" AFTER DELETE ON "task"
BEGIN
  INSERT INTO task_text (task_text, rowid, title, body) VALUES ('delete', old.id, old.title, old.body);
END;

CREATE TRIGGER "task_text_update" AFTER UPDATE OF "title", "body" ON "task"
BEGIN
  INSERT INTO task_text (task_text, rowid, title, body) VALUES ('delete', old.id, old.title, old.body);
  INSERT INTO task_text (rowid, title, body) VALUES (new.id, new.title, new.body);
END;

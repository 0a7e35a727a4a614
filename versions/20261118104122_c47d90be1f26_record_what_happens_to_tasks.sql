-- revision: c47d90be1f26
-- parents: 2b91e45d03ac
-- message: Record what happens to tasks
-- created: 2026-11-18T10:41:22Z
-- schema: sha256:b889f956f168865dcd155abab3d60c68ee943cada9e8421e00da1ff4b6d5daae

-- migrate:up
CREATE TABLE "task_event" (
  "id" INTEGER PRIMARY KEY,
  "task_id" INTEGER NOT NULL REFERENCES "task" ("id") ON DELETE CASCADE,
  "happened_at" TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "old_state" TEXT,
  "new_state" TEXT NOT NULL
);

CREATE INDEX "task_event_by_task" ON "task_event" ("task_id");

CREATE TRIGGER "task_created" AFTER INSERT ON "task"
BEGIN
  INSERT INTO task_event (task_id, new_state) VALUES (new.id, new.state);
END;

CREATE TRIGGER "task_moved" AFTER UPDATE OF "state" ON "task"
WHEN old.state <> new.state
BEGIN
  INSERT INTO task_event (task_id, old_state, new_state) VALUES (new.id, old.state, new.state);
END;

-- migrate:down
DROP TRIGGER "task_created";
DROP TRIGGER "task_moved";

-- Discards all rows of task_event.
DROP TABLE "task_event";

-- revision: 5e13a8f7c960
-- parents: c47d90be1f26
-- message: Search tasks
-- created: 2026-11-19T16:20:11Z
-- schema: sha256:90ec568e59b0f0bea9fa10253e76a3f368b4e16bbb6af2ece1a96f5d1e9a21f4

-- migrate:up
CREATE VIRTUAL TABLE "task_text" USING fts5(title, body, content='task', content_rowid='id');

-- Indexes the rows that are there already.
INSERT INTO "task_text" ("task_text") VALUES ('rebuild');

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

-- migrate:down
DROP TRIGGER "task_text_insert";
DROP TRIGGER "task_text_delete";
DROP TRIGGER "task_text_update";

-- Discards everything that is in task_text.
DROP TABLE "task_text";

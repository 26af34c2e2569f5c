"""When those who wait for a task's end were told; of what has ended before, nobody waits."""

from typing import Any

from django.db import migrations, models
from django.db.models import F


def note_what_ended(apps: Any, _schema_editor: Any) -> None:
    """Count what has ended already as told."""
    ended = apps.get_model("filetasks", "FileTask").objects.filter(finished_at__isnull=False)
    ended.update(announced_at=F("finished_at"))


class Migration(migrations.Migration):
    dependencies = [("filetasks", "0001_initial")]

    operations = [
        migrations.AddField("filetask", "announced_at", models.DateTimeField(null=True)),
        migrations.RunPython(note_what_ended, migrations.RunPython.noop),
        migrations.AddIndex(
            "filetask",
            models.Index(
                fields=("finished_at",),
                condition=models.Q(finished_at__isnull=False, announced_at=None),
                name="filetask_unannounced",
            ),
        ),
    ]

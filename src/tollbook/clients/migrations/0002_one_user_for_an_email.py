"""One user for an e-mail address, in whatever case of letters it is written."""

from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    dependencies = [("clients", "0001_initial")]

    operations = [
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                Lower("email"),
                name="user_email_is_one_in_any_case",
                violation_error_message="There is a user with this e-mail address already.",
            ),
        ),
    ]

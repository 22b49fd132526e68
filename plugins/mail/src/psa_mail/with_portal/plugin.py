"""The bridge between mail and the portal: surveys are mailed where there is a page on which to answer them."""

from psa_mail.ticket_mail import ask_for_rating
from psa_sdk import Context, Manifest, hookimpl, on
from psa_ticketing.api import SurveyRequested


@on(SurveyRequested)
async def mail_survey(ctx: Context, event: SurveyRequested) -> None:
    """Mail the client the link to the survey."""
    await ask_for_rating(ctx, event.ticket_id, event.survey_id)


@hookimpl
def psa_manifest() -> Manifest:
    """Return the table of contents."""
    return Manifest(
        name="mail.portal",
        title="Surveys by mail",
        description="Mails clients the link by which they say how they found the help.",
        requires=("mail", "portal"),
        subscribers=(mail_survey,),
    )
